"""Write docs/reference/ from the code."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.docs.reference import FOLDER, pages  # noqa: E402  # they import models

for name, text in pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"docs/reference/{name}")
