#!/usr/bin/env python3
"""Reads every topic with the published schemas, and every table, and compares them with each other and
with what the API says to each user.

A client that shares nothing with what it reads: it knows names and meanings, and gets the schemas from
the operators' port. Says what it has read, or the first difference that it finds. Arguments are
environment variables: MM_KAFKA__BOOTSTRAP, MM_KAFKA__PREFIX, MM_TABLES__NODES, MM_TABLES__KEYSPACE and
MM_CONVERSATIONS__KEY as the deployment has them, MM_API (the URL of the API), MM_ADMIN (of the operators' port), MM_TOKENS
(JSON: a token by user).
"""

import json
import os
import sys

import api
import causes
import chain
import compare_accounts
import compare_api
import compare_conversations
import compare_organizing
import compare_places
import compare_rows
import log
import owners
import poison
import previews
import push
import reports
import schedules
import stickers
import story
import tables
import templates
import times
import topics
import uploads
import verdicts
from avro import Schemas, published
from catalogue import SCHEMAS
from difference import Difference, same
from times import Times
from topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, CONVERSATION_COMMANDS, ERASURES, EVENTS, FOLLOWS, USERS, Read


def main() -> None:
    bootstrap, prefix = os.environ["MM_KAFKA__BOOTSTRAP"], os.environ["MM_KAFKA__PREFIX"]
    keyspace = os.environ["MM_TABLES__KEYSPACE"]
    schemas = Schemas(os.environ["MM_ADMIN"])
    consumer, session = log.consumer(bootstrap, prefix), tables.connect(os.environ["MM_TABLES__NODES"])
    topics.check_names(log.names(consumer, prefix))
    tables.check_layout(session, keyspace)
    compare_places.wait_until_decided(session, keyspace, lambda topic: log.ends(consumer, prefix + topic))

    whole = log.read(consumer, prefix, topics.ALL)
    read = {name: topics.read(name, topic, schemas) for name, topic in whole.items()}
    kept = {name: causes.without_repeats(records) for name, records in read.items()}
    for name, records in read.items():
        repeats = len(records) - len(kept[name])
        print(f"topic {name}: {len(records)} records, of which {repeats} repeat others")
    decided = times.decided(kept)
    control = _check_log(whole, read, kept, decided)

    told_by_events = story.of(kept[EVENTS], kept[ACCOUNT_EVENTS], kept[CONVERSATION_COMMANDS])
    users = _users(kept[USERS])
    told = {}
    for user, token in _tokens().items():
        attachments = told_by_events.accounts.get(user, story.Account()).attachments
        attachments = [id for id, now in attachments.items() if not uploads.is_gone(now)]
        told[user] = api.tell(os.environ["MM_API"], user, token, attachments)
    paid = owners.paid(kept[CONVERSATION_COMMANDS])
    compared = compare_api.check(users, told, told_by_events, paid)
    conversations = len(told_by_events.conversations)
    print(f"API: {len(told)} users, {compared} messages in their histories, {conversations} conversations")

    rows = {name: tables.read(session, keyspace, name, schemas) for name in tables.TABLES}
    accounts = owners.owners("user", rows["accounts"], owners.ACCOUNTS)
    owners.check_stamps("accounts", accounts, kept[ACCOUNT_COMMANDS], decided)
    erased = {read.value["user"] for read in kept[ERASURES]}
    compare_accounts.check(accounts, told_by_events, erased, paid, told)
    compare_organizing.check(accounts, told_by_events, told)
    uses = uploads.carried(told_by_events)
    uses.update(stickers.images(accounts))
    stickers.check_accounts(accounts, kept[ACCOUNT_COMMANDS])
    stickers.check_tables(rows["sticker_packs"], rows["public_sticker_packs"], accounts)
    stickers.check_served(accounts, told)
    push.check(accounts, kept[ACCOUNT_COMMANDS])
    templates.check(accounts, kept[ACCOUNT_COMMANDS], chain.outputs(kept), decided, told)
    for user, served in told.items():
        attachments = told_by_events.accounts.get(user, story.Account()).attachments
        uploads.compare(user, accounts[user], attachments, served.attachments, uses)
    owned = owners.owners("conversation", rows["conversations"], owners.CONVERSATIONS)
    owners.check_stamps("conversations", owned, kept[CONVERSATION_COMMANDS], decided)
    compare_conversations.check(owned, told_by_events, paid)
    compare_rows.messages(rows["messages"], told_by_events, told)
    compare_rows.memberships(rows["conversations_by_user"], told_by_events, told)
    compare_rows.blocks(rows["blocks"], told_by_events, told)
    compare_rows.users(rows["users"], users, told)
    compare_rows.private_users(rows["private_users"], users)
    same("erased users", sorted(erased), sorted(user for user, said in users.items() if said["username"] is None))
    compare_rows.follows(rows["follows"], [read.value for read in kept[FOLLOWS] if read.decoded is not None])
    reports.check_queue(rows["reports"], told_by_events)
    reports.check_audit(rows["audit"], owned, told_by_events)
    schedules.compare(accounts, told_by_events, rows["timers"])
    previews.check_links(rows["previews"], told_by_events.conversations)
    compare_rows.policies(rows["policies"], control)
    compare_places.checkpoints(rows["checkpoints"], whole, kept, control)
    compare_places.consumers(rows["consumers"], whole)
    compare_places.snapshots(rows["snapshots"], whole)
    for name, found in rows.items():
        print(f"table {name}: {len(found)} rows")

    same("published schemas", published(schemas), SCHEMAS)
    unmet = {id: name for id, name in SCHEMAS.items() if id not in schemas.met}
    same("schemas that are published and stand nowhere", unmet, {})
    print(f"schemas: {len(schemas.met)}, of {sum(schemas.met.values())} records, headers and rows")


def _check_log(
    whole: dict[str, log.Topic],
    read: dict[str, list[Read]],
    kept: dict[str, list[Read]],
    decided: Times,
) -> dict:
    """What must hold between topics; gives the control record in force."""
    causes.check(kept)
    causes.check_own_partition(kept[EVENTS] + kept[ACCOUNT_EVENTS])
    causes.check_ids(kept)
    times.check(kept, decided)
    for name in topics.DEAD_LETTERS:
        of = name.removeprefix("messaging.dlq.")
        poison.check(of, topics.READERS[of], read[name], read[of])
    control = topics.check_controls(read, whole)
    outputs = chain.outputs(kept)
    chain.check(kept, outputs, decided, control)
    verdicts.check(kept, outputs)
    return control


def _users(records: list[Read]) -> dict[str, dict]:
    """Of each user the newest record, with nothing but the id of those whom a record erases, for good."""
    users, erased = {}, set()
    for read in records:
        if topics.is_tombstone(read.record):
            users[read.key] = dict.fromkeys(users[read.key]) | {"user": read.key}
            erased.add(read.key)
        elif read.decoded is not None and read.value["user"] not in erased:
            users[read.value["user"]] = read.value
    return users


def _tokens() -> dict[str, str]:
    return json.loads(os.environ["MM_TOKENS"])


if __name__ == "__main__":
    try:
        main()
    except Difference as difference:
        sys.exit(f"difference: {difference}")
