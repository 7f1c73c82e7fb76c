import { number } from './json';

/** Times of a conversation that decide what is new. */
export const CONVERSATION_TIMES = ['createdAt', 'updatedAt', 'lastMessageAt'] as const;

const WITHOUT_ZONE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/;
/** A smaller number is no time of a message (1973). */
const FIRST_SECONDS = 1e8;
/** A number from here on is a time in milliseconds, not one in seconds of the year 5138. */
const FIRST_MILLISECONDS = 1e11;
/** The end of the year 9999, in milliseconds. */
const LAST_TIME = Date.UTC(10_000, 0) - 1;

/**
 * Times of entities are ISO 8601 with a zone. A server that writes no zone means UTC, and not the zone of this machine;
 * one that writes numbers means seconds or milliseconds since 1970. Any other value stays as it is.
 * @param entity modified
 */
export function readTimes<T extends object>(entity: T, fields: readonly (keyof T)[]): T {
  for (const field of fields) {
    const value: unknown = entity[field];
    // The usual form; this runs for every event.
    if (value === undefined || (typeof value === 'string' && value.endsWith('Z'))) continue;
    const time = inIso(value);
    if (time !== undefined) entity[field] = time as T[keyof T];
  }
  return entity;
}

function inIso(value: unknown): string | undefined {
  const [, day, clock] = typeof value === 'string' ? (WITHOUT_ZONE.exec(value) ?? []) : [];
  if (day !== undefined) return `${day}T${clock}Z`;
  const figure = number(value);
  if (figure === undefined || figure < FIRST_SECONDS) return undefined;
  const time = figure < FIRST_MILLISECONDS ? figure * 1000 : figure;
  return time <= LAST_TIME ? new Date(time).toISOString() : undefined;
}
