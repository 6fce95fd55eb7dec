"""What a person can do about an error, in the words of the screens. Errors only say what is the case."""

from __future__ import annotations

from concepts import errors

# The most special class of an error decides.
ADVICE: dict[type[errors.DiscernError], str] = {
    errors.EmptyLibraryError: "Add some on Library.",
    errors.UnknownCollectionError: "Make it on Library, Collections.",
    errors.NoConceptError: "Begin one on Start.",
    errors.ArchivedConceptError: "Bring it back on Start.",
    errors.NoVersionError: "Train one on Quality.",
    errors.NotEnoughLabelsError: "Answer some on Label.",
    errors.NotEnoughPicturesError: "Add pictures, or ask for fewer of 100 to be right.",
    errors.NoUsableRowsError: "Mend these rows and give the file again: nothing was taken.",
    errors.UnknownColumnsError: "Say which of its columns is what, then take the file again.",
    errors.UnknownWordsError: "Say what each of them means, then take the file again.",
    errors.OtherEncoderError: "Leave out the encoder, or change it for all pictures on Library, Encoder.",
    errors.FingerprintMismatchError: "Choose that encoder on Library, Encoder, or train again on Quality.",
    errors.EngineError: "Try it again once Ray runs: it goes on where it was.",
    errors.DamagedIndexError: "It is made again meanwhile: see Library.",
    errors.DiskFullError: "Free some space: what waits goes on by itself.",
    errors.ReadOnlyError: "Have it mounted for writing, then start Discern again.",
    errors.NoPermissionError: "Give that user the right to read and write it.",
    errors.BucketRefusedError: "Whoever runs Discern checks AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
    "what this key may do there, and starts Discern again. Then do it once more: what is done is kept.",
    errors.NoSuchBucketError: "Check its name, or make it. What was kept in one that is lost is made again "
    "from the pictures: see Library.",
    errors.BucketUnreachableError: "Try again in a minute: what is done is kept, and it goes on from there.",
    errors.BucketError: "Whoever runs Discern finds out more in the log of that service.",
    errors.DamagedDatabaseError: "Restore it from a backup, then start Discern again.",
    errors.NewerDatabaseError: "Update Discern.",
    errors.BrokenMethodError: "Mend or remove that package, then start Discern again.",
    errors.NoModelError: "Set one on Settings.",
    errors.BadPriceError: "Write the {field} in US dollars per million tokens, in/out, such as 0.15/0.60.",
    errors.BlindModelError: "Name one that sees on Settings, or none: then the built-in encoder labels.",
    errors.NoPriceError: "Set it on Settings; 0/0 where it costs nothing.",
}


# What the fields of the form are called on the screen, where settings have names.
FIELDS = {
    "openai_base_url": "Address",
    "openai_api_key": "Key",
    "llm_model": "Model for words",
    "vlm_model": "Model that sees",
    "large_vlm_model": "Larger model that sees",
    "critic_model": "Model that criticises",
    "llm_price": "Price of the model for words",
    "vlm_price": "Price of the model that sees",
    "large_vlm_price": "Price of the larger model that sees",
    "critic_price": "Price of the model that criticises",
    "prices": "Prices of models",
    "model_concurrency": "Questions at the same time",
}


def in_words(error: errors.DiscernError) -> str:
    """What is the case, and what to do about it."""
    if isinstance(error, errors.BadSettingsError):
        return " ".join(f"{FIELDS.get(name, name)}: {said}." for name, said in error.problems.items())
    advice = next((ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE), "")
    if isinstance(error, errors.BadPriceError):
        advice = advice.format(field=FIELDS.get(error.setting, error.setting).lower())
    return " ".join(filter(None, (str(error), advice)))
