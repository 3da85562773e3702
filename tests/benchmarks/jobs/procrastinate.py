"""Tasks of Procrastinate."""

from procrastinate.contrib.django import app

from . import bodies

nothing = app.task(queue="default", name="nothing")(bodies.nothing)
mark = app.task(queue="default", name="mark")(bodies.mark)
