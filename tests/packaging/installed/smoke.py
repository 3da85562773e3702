"""Run a task from end to end on an installed wheel: enqueue, work, read the result."""

import os
from importlib.metadata import entry_points
from importlib.util import find_spec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")


def main() -> None:
    """Run one task with `db_worker --batch`; raise SystemExit unless its result is right."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check", fail_level="WARNING")
    call_command("migrate", verbosity=0)

    from jobs import add

    result = add.enqueue(2, 3)
    call_command("db_worker", "--batch")
    result.refresh()
    if result.return_value != 5:
        raise SystemExit(f"add(2, 3) through the database gave {result!r}, expected 5.")
    print("a task enqueued, worked and read back from the database")

    (plugin,) = entry_points(group="pytest11", name="bridge")
    if find_spec(plugin.module) is None:
        raise SystemExit(f"pytest would look for {plugin.module!r}, which is not installed.")
    print(f"pytest finds its fixtures in {plugin.module}")


if __name__ == "__main__":
    main()
