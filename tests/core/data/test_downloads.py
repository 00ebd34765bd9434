"""Downloads from a server on this machine: nothing half-done stays, nothing wrong gets in."""

import gzip
import hashlib
import importlib.util
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from cae_core.data import downloads
from cae_core.data.downloads import RemoteFile
from cae_core.errors import DatasetError, StoppedError

CONTENT = np.random.default_rng(0).bytes(3 * downloads.CHUNK_BYTES + 17)
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves `server.files`; what is announced and what is sent may differ."""

    def do_GET(self):
        if self.path not in self.server.files:
            self.send_error(404)
            return
        announced, content = self.server.files[self.path]
        self.send_response(200)
        if announced is not None:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        try:
            self.wfile.write(content)
        except ConnectionError:
            return  # the client hung up: what a cancelled download does

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files = {}
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def keras_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def offer(server, monkeypatch, content, *, announced=...):
    """Let the server offer `content` as mnist.npz; return where it should end up."""
    server.files["/mnist.npz"] = (len(content) if announced is ... else announced, content)
    url = f"http://127.0.0.1:{server.server_port}/mnist.npz"
    monkeypatch.setitem(
        downloads.REMOTE_FILES, "mnist", (RemoteFile(url, "mnist.npz", len(CONTENT), CHECKSUM),)
    )
    return downloads.keras_datasets_folder() / "mnist.npz"


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_download_ends_up_where_keras_looks_and_reports_every_byte(
    server, monkeypatch, keras_home
):
    target = offer(server, monkeypatch, CONTENT)
    progress = []
    assert not downloads.is_downloaded("mnist")
    downloads.download("mnist", lambda done, total: progress.append((done, total)))
    assert target == keras_home / "datasets" / "mnist.npz"
    assert target.read_bytes() == CONTENT
    assert downloads.is_downloaded("mnist")
    assert files_in(keras_home) == [target]
    assert [done for done, _ in progress] == sorted({done for done, _ in progress})
    assert progress[-1] == (len(CONTENT), len(CONTENT))
    assert len(progress) >= 4


def test_a_download_without_a_content_length_succeeds(server, monkeypatch, keras_home):
    target = offer(server, monkeypatch, CONTENT, announced=None)
    downloads.download("mnist")
    assert target.read_bytes() == CONTENT


def test_files_that_are_there_are_not_fetched_again(server, monkeypatch, keras_home):
    target = offer(server, monkeypatch, CONTENT)
    downloads.download("mnist")
    server.files.clear()
    downloads.download("mnist")
    assert target.read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_replaced(server, monkeypatch, keras_home):
    target = offer(server, monkeypatch, CONTENT)
    target.parent.mkdir(parents=True)
    target.write_bytes(bytes(len(CONTENT)))
    downloads.download("mnist")
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("announced", [len(CONTENT), None], ids=["announced", "unannounced"])
def test_a_file_cut_short_is_refused_and_removed(server, monkeypatch, keras_home, announced):
    offer(server, monkeypatch, CONTENT[:-1000], announced=announced)
    with pytest.raises(DatasetError, match=r"bytes instead of .*CAE_DATA_DIR.*photo_patches"):
        downloads.download("mnist")
    assert files_in(keras_home) == []


def test_a_server_that_sends_without_end_is_cut_off(server, monkeypatch, keras_home):
    offer(server, monkeypatch, CONTENT * 8, announced=None)
    received = []
    with pytest.raises(DatasetError, match="bytes instead of"):
        downloads.download("mnist", lambda done, _: received.append(done))
    assert max(received) <= len(CONTENT)
    assert len(received) < 6
    assert files_in(keras_home) == []


def test_a_file_with_another_checksum_is_refused_and_removed(server, monkeypatch, keras_home):
    offer(server, monkeypatch, CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    with pytest.raises(DatasetError, match="wrong checksum"):
        downloads.download("mnist")
    assert files_in(keras_home) == []


def test_a_download_can_be_stopped_in_the_middle_and_leaves_nothing(
    server, monkeypatch, keras_home
):
    offer(server, monkeypatch, CONTENT)
    done = []
    with pytest.raises(StoppedError, match="stopped"):
        downloads.download("mnist", lambda now, _: done.append(now), lambda: len(done) == 2)
    assert 0 < done[-1] < len(CONTENT)
    assert files_in(keras_home) == []


def test_a_stopped_download_does_not_touch_the_file_of_another_one(server, monkeypatch, keras_home):
    target = offer(server, monkeypatch, CONTENT)
    other = target.with_name(target.name + ".other.partial")
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another session's")
    with pytest.raises(StoppedError):
        downloads.download("mnist", should_stop=lambda: True)
    assert files_in(keras_home) == [other]


def test_a_missing_file_on_the_server_is_one_sentence_with_a_remedy(
    server, monkeypatch, keras_home
):
    offer(server, monkeypatch, CONTENT)
    server.files.clear()
    with pytest.raises(DatasetError, match=r"Received: .*404.*put mnist\.npz into"):
        downloads.download("mnist")
    assert files_in(keras_home) == []


def test_a_server_that_does_not_answer_is_one_sentence_with_a_remedy(monkeypatch, keras_home):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed_soon:
        port = closed_soon.server_port
    remote = RemoteFile(f"http://127.0.0.1:{port}/mnist.npz", "mnist.npz", 1, None)
    monkeypatch.setitem(downloads.REMOTE_FILES, "mnist", (remote,))
    with pytest.raises(DatasetError, match=r"could not be downloaded\. Received: .*refused"):
        downloads.download("mnist")


def test_an_unknown_set_is_refused_with_the_known_ones():
    with pytest.raises(DatasetError, match="cifar10, mnist, fashion_mnist"):
        downloads.download("imagenet")


def test_the_cache_is_in_the_home_folder_unless_it_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert downloads.keras_datasets_folder() == tmp_path / ".keras" / "datasets"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert downloads.keras_datasets_folder() == Path("/tmp/.keras/datasets")  # noqa: S108


@pytest.mark.parametrize("name", downloads.REMOTE_FILES)
def test_addresses_and_checksums_are_those_of_the_installed_keras(name):
    package = Path(importlib.util.find_spec("keras").origin).parent
    source = (package / "src" / "datasets" / f"{name}.py").read_text()
    for file in downloads.REMOTE_FILES[name]:
        folder, file_name = file.url.rsplit("/", 1)
        assert folder + "/" in source
        assert file_name in source
        assert file.path.split("/")[-1].removesuffix("_archive") in source
        assert file.sha256 is None or file.sha256 in source


def idx(array):
    """Write an array as a gzipped IDX file, headers as long as the real ones."""
    header = {1: 8, 3: 16}[array.ndim]
    return gzip.compress(bytes(header) + array.tobytes())


@pytest.mark.heavy
def test_what_was_downloaded_is_loaded_by_keras_without_a_network(server, keras_home):
    rng = np.random.default_rng(0)
    contents = {
        "train-labels-idx1-ubyte.gz": idx(np.zeros(30, np.uint8)),
        "train-images-idx3-ubyte.gz": idx(rng.integers(0, 256, (30, 28, 28), np.uint8)),
        "t10k-labels-idx1-ubyte.gz": idx(np.zeros(5, np.uint8)),
        "t10k-images-idx3-ubyte.gz": idx(rng.integers(0, 256, (5, 28, 28), np.uint8)),
    }
    server.files = {f"/{name}": (len(content), content) for name, content in contents.items()}
    # In a process of its own: Keras reads KERAS_HOME once, when it is imported.
    script = f"""
from cae_core.data import downloads
from cae_core.data.registry import is_available, load_dataset

files = tuple(
    file._replace(url="http://127.0.0.1:{server.server_port}/" + file.url.split("/")[-1], size=size)
    for file, size in zip(downloads.REMOTE_FILES["fashion_mnist"], {[*map(len, contents.values())]})
)
downloads.REMOTE_FILES["fashion_mnist"] = files
assert not is_available("fashion_mnist")
seen = []
print(load_dataset("fashion_mnist", on_progress=lambda *progress: seen.append(progress)))
assert seen[-1] == (sum(file.size for file in files),) * 2
assert is_available("fashion_mnist")
downloads.download("fashion_mnist", should_stop=lambda: True)  # nothing left to fetch
"""
    environment = {**os.environ, "KERAS_HOME": str(keras_home), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("CAE_DATA_DIR", None)
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        env=environment,
        cwd=Path(downloads.__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    expected = "27 training, 3 validation, 5 test images of 28×28×1"
    assert expected in result.stdout
