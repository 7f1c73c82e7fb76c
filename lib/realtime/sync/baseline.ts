import { MAX_BASELINE_CONVERSATIONS, MAX_BASELINE_MESSAGES } from '../bounds';
import type { Bus } from '../bus/bus';
import { LIST_PAGE_SIZE, type SyncRest, walk } from '../rest';
import type { ServerTime } from '../server-time';
import { activityOf, timeOf } from '../time';
import { NEWEST_FIRST } from './listing';
import { OlderRows } from './older-rows';

export interface BaselineParts {
  rest: SyncRest;
  bus: Pick<Bus, 'skip'>;
  serverTime: ServerTime;
}

/** Conversations read to find the newest activity; most are of an older time. */
const NEWEST_LISTING_SIZE = 20;

/** What was there when an account starts: its messages are not delivered. */
export class Baseline {
  readonly #parts: BaselineParts;

  constructor(parts: BaselineParts) {
    this.#parts = parts;
  }

  /** Skip what is there. @returns the newest activity, in milliseconds of the server's clock */
  async begin(): Promise<number> {
    const { rest, bus, serverTime } = this.#parts;
    let watermark = 0;
    let rows = 0;
    for await (const conversation of rest.conversations.each({ limit: NEWEST_LISTING_SIZE, ...NEWEST_FIRST })) {
      const activity = activityOf(conversation);
      rows++;
      if (rows > NEWEST_LISTING_SIZE) break;
      // A row without a time reveals nothing about the others.
      if (activity === 0) continue;
      if (activity < watermark) break;
      watermark = serverTime.clamp(activity);
      if (conversation.lastMessage) bus.skip(conversation.lastMessage);
      await this.#skipFrom(conversation.id, watermark);
    }
    return watermark;
  }

  /** Skip the messages of these conversations at the watermark itself, or with a time in the future. */
  async skip(ids: readonly string[], watermark: number): Promise<void> {
    for (const id of ids.slice(0, MAX_BASELINE_CONVERSATIONS)) await this.#skipFrom(id, watermark);
  }

  async #skipFrom(id: string, watermark: number): Promise<void> {
    const older = new OlderRows();
    let read = 0;
    await walk(this.#parts.rest.conversations.eachMessage(id, { limit: LIST_PAGE_SIZE }), (message) => {
      const time = timeOf(message.createdAt);
      read++;
      if (time < watermark) return older.goesOn(time);
      older.reset();
      this.#parts.bus.skip(message);
      return read < MAX_BASELINE_MESSAGES;
    });
  }
}
