"""Hueys that settings of these tests lead to; a test puts its own in their place."""

from huey import Huey, MemoryHuey

one: Huey = MemoryHuey("one")
two: Huey = MemoryHuey("two")
text = "not a Huey"
