from .files import save_keras as save_keras
from .files import save_onnx as save_onnx
from .files import save_zip as save_zip
from .script import generate_script as generate_script
