"""The shop's filesystem transport: kombu's own lets a worker read half a message."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PATH = Path(__file__).parents[3] / "fixtures/projects/celery_shop/shop/broker.py"
_spec = spec_from_file_location("shop_broker", _PATH)
assert _spec is not None
assert _spec.loader is not None
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)
Transport = _module.Transport
