// Keeps a visitor's secret in the browser, or tells the app which one it keeps already.

const NAME = "cae_visitor"; // as in visitor.py
const TOKEN = /^[A-Za-z0-9_-]{22}$/;
const YEAR_IN_SECONDS = 365 * 24 * 60 * 60;

export default function visitor({ data, setStateValue }) {
  const token = [fromCookie(), fromStorage()].find((kept) => TOKEN.test(kept)) ?? data.token;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${NAME}=${token}; path=/; max-age=${YEAR_IN_SECONDS}; samesite=lax${secure}`;
  try {
    localStorage.setItem(NAME, token);
  } catch {
    // A browser that keeps nothing: the trainings are the visitor's until he closes the tab.
  }
  if (token !== data.token) setStateValue("token", token);
}

function fromCookie() {
  const pair = document.cookie.split("; ").find((text) => text.startsWith(`${NAME}=`));
  return pair?.slice(NAME.length + 1) ?? "";
}

function fromStorage() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
