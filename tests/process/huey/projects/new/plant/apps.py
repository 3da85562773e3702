from importlib import import_module

from django.apps import AppConfig


class PlantConfig(AppConfig):
    name = "plant"

    def ready(self):
        import_module("plant.tasks")
