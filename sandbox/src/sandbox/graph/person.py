"""The owner: /me and /me/mailboxSettings."""

from sandbox.faults import Fault
from sandbox.graph import error, query
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import Answer, Call

USER_PROPERTIES = (
    "id",
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
SETTINGS_PROPERTIES = ("timeZone", "language", "dateFormat", "timeFormat", "automaticRepliesSetting", "userPurpose")


def me(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # every operation has this shape
    """GET /me."""
    query.allow(call.query, ("$select",))
    select = query.select(call, USER_PROPERTIES) or USER_PROPERTIES
    name = call.account.principal.partition("@")[0]
    known = {"id": call.account.oid, "displayName": name, "mail": call.account.principal, "businessPhones": []}
    known["userPrincipalName"] = call.account.principal
    context = f"{call.base_url}/v1.0/$metadata#users/$entity"
    return Answer(200, {"@odata.context": context, **{one: known.get(one) for one in select}})


def mailbox_settings(desk: Desk, call: Call) -> Answer:
    """GET /me/mailboxSettings. Personal accounts are refused, whatever the documentation says (outlook-mcp PR 29)."""
    query.allow(call.query, ("$select",))
    select = query.select(call, SETTINGS_PROPERTIES) or SETTINGS_PROPERTIES
    if call.account.personal or desk.faults.strikes(Fault.PERSONAL_ACCOUNT, call.route):
        raise error.access_denied()
    reply = desk.store.canaries.of("automaticRepliesSetting", 0)
    known = {
        "timeZone": "W. Europe Standard Time",
        "language": {"locale": "en-GB", "displayName": "English (United Kingdom)"},
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "automaticRepliesSetting": {"status": "disabled", "internalReplyMessage": reply, "externalReplyMessage": reply},
        "userPurpose": "user",
    }
    context = f"{call.base_url}/v1.0/$metadata#users('me')/mailboxSettings"
    return Answer(200, {"@odata.context": context, **{one: known[one] for one in select}})
