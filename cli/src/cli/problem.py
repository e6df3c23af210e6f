"""What a refusal over HTTP says, in one line: the gateway's problem documents, and whatever else comes."""

import httpx


def problem(response: httpx.Response) -> str:
    """The problem's own words, which are fixed sentences; just the status when there is no problem document."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or "title" not in document:
        return f"the answer was {response.status_code}, without saying why"
    return f"{document.get('title')}: {document.get('detail')} ({response.status_code} {document.get('code')})"
