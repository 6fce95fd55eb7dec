"""Why a picture is in the review queue; apart from the queue, so that the command line names them quickly."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """In the order in which the queue has them: first what keeps a label from counting at all."""

    PEOPLE_DISAGREE = "people_disagree"  # some say yes, some no
    SAID_BOTH = "said_both"  # asked twice, a person said yes once and no once; the first label counts
    NEAR_DUPLICATE_DISAGREES = "near_duplicate_disagrees"  # a near-duplicate has the other label
    LIKELY_MISLABELLED = "likely_mislabelled"  # all other labels speak against it
    OLDER_DESCRIPTION = "older_description"  # an annotator that agreed doesn't under the newest description
    OLDER_TEST_LABEL = "older_test_label"  # given under an earlier description; labelled anew, it measures
    MISTAKE = "mistake"  # the newest version says otherwise
    CHANGED_TEST_LABEL = "changed_test_label"  # the first label measures, and people say otherwise now
    ODD = "odd"  # labelled yes, and least like the others that are
    BORDERLINE = "borderline"  # unlabelled, nearest to the threshold
