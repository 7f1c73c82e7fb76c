import type { DialoguePlace } from './dialogue';

/** Merge new data into the known place it belongs to, or add a place. */
export function merged(places: readonly DialoguePlace[], place: DialoguePlace): DialoguePlace[] {
  const index = indexOf(places, place);
  if (index < 0) return [...places, place];
  return places.map((one, other) => (other === index ? completed(one, place) : one));
}

/** @returns true when a place says nothing that is not known already */
export function isKnownPlace(places: readonly DialoguePlace[], place: DialoguePlace): boolean {
  const one = places[indexOf(places, place)];
  if (!one) return false;
  return (Object.keys(place) as (keyof DialoguePlace)[]).every(
    (name) => place[name] === undefined || place[name] === one[name],
  );
}

function indexOf(places: readonly DialoguePlace[], { conversationId, contactId }: DialoguePlace): number {
  return places.findIndex(
    (one) =>
      (one.conversationId !== undefined && one.conversationId === conversationId) ||
      (one.conversationId === undefined && (one.contactId === undefined || one.contactId === contactId)),
  );
}

/** What is unknown replaces nothing. */
function completed(one: DialoguePlace, { conversationId, contactId, messageId, since }: DialoguePlace): DialoguePlace {
  const place = { ...one };
  if (conversationId !== undefined) place.conversationId = conversationId;
  if (contactId !== undefined) place.contactId = contactId;
  if (messageId !== undefined) place.messageId = messageId;
  if (since !== undefined) place.since = since;
  return place;
}
