"""Settings: models, appearance, people, activity, cost, encoder, backup and log; each a tab of the page."""

from web.screens.settings.activity import Activity
from web.screens.settings.appearance import Appearance
from web.screens.settings.backup import Backup
from web.screens.settings.cost import Cost
from web.screens.settings.encoder import Encoder
from web.screens.settings.models import Models
from web.screens.settings.people import People

__all__ = ["Activity", "Appearance", "Backup", "Cost", "Encoder", "Models", "People"]
