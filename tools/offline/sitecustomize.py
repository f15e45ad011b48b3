"""Close the network to this Python, and play Colab when asked: on PYTHONPATH while
proving.

Only loopback stays open, which Jupyter needs to talk to its kernel. With
BOOK_STANDIN_COLAB=1 `google.colab` is among the loaded modules, as it is in Colab.
"""

import ipaddress
import os
import socket
import sys
import types

_connect = socket.socket.connect
_lookup = socket.getaddrinfo


def _is_here(host) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(
            host if isinstance(host, str) else host.decode()
        ).is_loopback
    except ValueError:
        return False


def _closed(host):
    raise OSError(f"The network is closed here: a chapter may not reach {host!r}.")


def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        _closed(address[0])
    return _connect(self, address)


def getaddrinfo(host, *rest, **options):
    if not _is_here(host) and host not in ("0.0.0.0", "::", socket.gethostname()):
        _closed(host)
    return _lookup(host, *rest, **options)


socket.socket.connect = connect
socket.getaddrinfo = getaddrinfo

os.environ.pop("PYTEST_CURRENT_TEST", None)  # a reader's kernel has no test around it

if os.environ.get("BOOK_STANDIN_COLAB") == "1":
    sys.modules["google.colab"] = types.ModuleType("google.colab")
