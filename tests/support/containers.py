"""This machine's address as containers on Docker's bridge see it."""

import fcntl
import socket
import struct
from collections.abc import Mapping
from typing import Any

_BRIDGE_NAME = "com.docker.network.bridge.name"
_SIOCGIFADDR = 0x8915  # Linux: netdevice(7)


def address_on(bridge: Mapping[str, Any]) -> str | None:
    """Return the address, from what `docker network inspect bridge` says, None if nothing does.

    Docker 20.10 names no gateway when it was started without `--bip`; the interface of the bridge
    has the address all the same.
    """
    for config in (bridge.get("IPAM") or {}).get("Config") or ():
        if gateway := config.get("Gateway"):
            return str(gateway)
    return _address_of((bridge.get("Options") or {}).get(_BRIDGE_NAME, "docker0"))


def _address_of(interface: str) -> str | None:
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])
