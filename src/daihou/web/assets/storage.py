"""Static files under hashed, compressed names once collected; under their own names before.

Tests and a first start run without ``collectstatic``, so a missing manifest is no error. Source
maps are not served: what names one in a comment is left as it is.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage

SOURCE_MAP = "sourceMappingURL"


class CollectedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    manifest_strict = False
    patterns = tuple(
        (files, tuple(rule for rule in rules if SOURCE_MAP not in str(rule)))
        for files, rules in CompressedManifestStaticFilesStorage.patterns
    )

    def stored_name(self, name: str) -> str:
        """Answer the hashed name of a collected file, else the name as it is."""
        if self.hash_key(self.clean_name(name)) in self.hashed_files:
            return str(super().stored_name(name))
        return name
