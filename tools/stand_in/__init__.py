"""A stand-in for the Spotify Web API of 2026, for the local stack and the tests; never deployed."""

from tools.stand_in.control import Control
from tools.stand_in.history import HistoryLibrary
from tools.stand_in.sample import SampleLibrary
from tools.stand_in.server import StandIn
from tools.stand_in.shapes import App

__all__ = ["App", "Control", "HistoryLibrary", "SampleLibrary", "StandIn"]
