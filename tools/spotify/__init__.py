"""A stand-in for the Spotify Web API of 2026, for the local stack and the tests; never deployed."""

from tools.spotify.control import Control
from tools.spotify.history import HistoryLibrary
from tools.spotify.sample import SampleLibrary
from tools.spotify.server import StandIn
from tools.spotify.shapes import App

__all__ = ["App", "Control", "HistoryLibrary", "SampleLibrary", "StandIn"]
