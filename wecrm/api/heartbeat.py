"""Telling a monitor that a run went well: one GET that carries nothing but its address."""

import httpx

TIMEOUT_S = 5.0
"""A monitor that is away never holds up a run for longer."""


def ping(url: str, *, proxy: str | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """Ask for `url` once; "" when it answered 2xx, else why not (never the address: it may be a secret).

    Redirects are not followed, the answer's body is not read, proxies of the environment are not used.
    """
    timeout = httpx.Timeout(timeout_s * 0.6, connect=timeout_s * 0.4)
    try:
        with (
            httpx.Client(timeout=timeout, proxy=proxy, trust_env=False, headers={"User-Agent": "wecrm"}) as http,
            http.stream("GET", url) as response,
        ):
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as error:
        return type(error).__name__
    return "" if 200 <= status < 300 else f"HTTP {status}"
