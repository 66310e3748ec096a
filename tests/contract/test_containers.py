"""Where containers find this machine."""

from typing import Any

import pytest

from tests.support.containers import address_on

pytestmark = pytest.mark.contract

LOOPBACK = {"com.docker.network.bridge.name": "lo"}


@pytest.mark.parametrize(
    ("bridge", "address"),
    [
        pytest.param({"IPAM": {"Config": [{"Gateway": "172.17.0.1"}]}}, "172.17.0.1", id="named"),
        pytest.param(
            {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}, "Options": LOOPBACK},
            "127.0.0.1",
            id="no gateway: the interface's address",
        ),
        pytest.param({"IPAM": {"Config": None}, "Options": LOOPBACK}, "127.0.0.1", id="no config"),
        pytest.param(
            {"Options": {"com.docker.network.bridge.name": "nosuchbridge"}}, None, id="no bridge"
        ),
    ],
)
def test_the_address_is_the_gateway_or_that_of_the_bridge(
    bridge: dict[str, Any], address: str | None
) -> None:
    assert address_on(bridge) == address
