"""Stop an upload that is too long while it is still coming, before it fills a disk."""

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from daihou.web.archive.spooling import MOST_BYTES


class BoundedUpload(FileUploadHandler):
    """Counts all bytes of a request's files; the other handlers keep them."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.taken_bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002  Django's.
        self.taken_bytes += len(raw_data)
        if self.taken_bytes > MOST_BYTES + self.chunk_size:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002  As above.
        return None
