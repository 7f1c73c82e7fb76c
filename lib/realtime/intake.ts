import { once } from '../async/once';
import type { Contract } from '../contract/index';
import { isObject, tryJson } from '../contract/json';
import { messageOf } from '../errors';
import type { Event } from '../model';
import type { ConversationCache } from './conversation-cache';
import { describeChange, isVague } from './events/changes';
import type { FeedChoice } from './feed-choice';
import type { GapReporter } from './sync/gap-reporter';

/** Decodes the frames of the socket, and passes the events to the feed. */
export class Intake {
  readonly #contract: Pick<Contract, 'frame'>;
  readonly #conversations: Pick<ConversationCache, 'update' | 'doubt' | 'peek'>;
  readonly #feeds: FeedChoice;
  readonly #gaps: Pick<GapReporter, 'report'>;
  readonly #onProblem: (text: string) => void;
  /** number of users that need all changes of a conversation */
  #watchers = 0;
  /** diagnostic counters: frames received, and frames that could not be decoded */
  frames = 0;
  malformed = 0;

  constructor(
    contract: Pick<Contract, 'frame'>,
    conversations: Pick<ConversationCache, 'update' | 'doubt' | 'peek'>,
    feeds: FeedChoice,
    gaps: Pick<GapReporter, 'report'>,
    onProblem: (text: string) => void,
  ) {
    this.#contract = contract;
    this.#conversations = conversations;
    this.#feeds = feeds;
    this.#gaps = gaps;
    this.#onProblem = onProblem;
  }

  /** Look up changes omitted by updates, until the returned function is called. */
  watchChanges(): () => void {
    this.#watchers++;
    return once(() => this.#watchers--);
  }

  /** Note the event of another source: a conversation that it is about is read again, and compared where changes are watched. */
  note(event: Event): void {
    const { conversationId, name, message } = event;
    if (conversationId === undefined || message || !name.startsWith('conversation.')) return;
    const before = this.#conversations.peek(conversationId);
    if (!before) return;
    if (this.#watchers > 0) event.before = before;
    this.#conversations.doubt(conversationId);
  }

  /** Handle a frame. Never throws, which would end the process. @param at milliseconds of the local clock */
  readonly take = (text: string, at: number): void => {
    this.frames++;
    try {
      const event = this.#contract.frame(text);
      if (!event) {
        if (!isObject(tryJson(text))) this.malformed++;
        return;
      }
      const { conversationId, changes } = event;
      if (conversationId !== undefined && changes) {
        const before = this.#conversations.update(conversationId, changes);
        describeChange(event, before);
        if (before && this.#watchers > 0 && isVague(event)) {
          event.before = before;
          this.#conversations.doubt(conversationId);
        }
      }
      this.#feeds.current.take(event, at, text.length);
    } catch (error) {
      this.malformed++;
      this.#onProblem(messageOf(error));
    }
  };

  /** An invalid frame has ended the connection. */
  broken(reason: 'oversize' | 'malformed'): void {
    this.malformed++;
    this.#gaps.report(reason, this.#feeds.current.receivedUpTo);
  }
}
