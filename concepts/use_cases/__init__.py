"""Use cases: how they are declared, and the handles that they are called with. It knows no room."""

from concepts.use_cases.declaration import UseCase, use_case
from concepts.use_cases.handles import App, Concept, SharedResources, service
from concepts.use_cases.roles import Role

__all__ = ["App", "Concept", "Role", "SharedResources", "UseCase", "service", "use_case"]
