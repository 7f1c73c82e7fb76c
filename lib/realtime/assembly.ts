import { fence } from '../async/fence';
import { MAX_TIMER_MS } from '../async/sleep';
import { messageOf } from '../errors';
import { Bus } from './bus/bus';
import { ConnectionStatus } from './connection-status';
import { ConversationCache } from './conversation-cache';
import type { Feed } from './feed';
import { FeedChoice } from './feed-choice';
import { Handover, RETURN_MS } from './handover';
import { Intake } from './intake';
import { Interest } from './interest';
import { LookUps } from './look-ups';
import { journalsIn, LastingMemory } from './memory/lasting-memory';
import { NatsFeed } from './nats/nats-feed';
import { Publications } from './nats/publications';
import { PollFeed } from './poll/poll-feed';
import { PollLoop } from './poll/poll-loop';
import { ServerTime } from './server-time';
import type { RealtimeSettings } from './settings';
import { Socket } from './socket/connection';
import { DEFAULT_TIMING, type Timing } from './socket/state';
import { ConversationSync } from './sync/conversation-sync';
import { GapReporter } from './sync/gap-reporter';
import { LiveFeed } from './sync/live-feed';
import { StallDetector } from './sync/stall-detector';
import { SyncLoop } from './sync/sync-loop';

const DISCOVER_INTERVAL_MS = 10_000;
const POLL_BUSY_MS = 3000;
const POLL_IDLE_MS = 15_000;
/** Longest interval of the poll beside NATS, in milliseconds, since a server may fail to publish. */
const MAX_CHECK_INTERVAL_MS = 15_000;

/** The objects of a live account that its face uses. */
export interface RealtimeParts {
  socket: Socket;
  conversations: ConversationCache;
  interest: Interest;
  bus: Bus;
  gaps: GapReporter;
  feeds: FeedChoice;
  intake: Intake;
  handover: Handover;
  status: ConnectionStatus;
  /** undefined without a ledger */
  lasting: LastingMemory | undefined;
}

/** What both feeds are made of, and the fenced callbacks of the account. */
interface Ground extends Pick<RealtimeParts, 'socket' | 'conversations' | 'interest' | 'bus' | 'gaps'> {
  settings: RealtimeSettings;
  timing: Timing;
  serverTime: ServerTime;
  stall: StallDetector;
  lookUps: LookUps;
  onProblem(error: unknown): void;
  /** the state of a feed has changed */
  onState(): void;
}

/** Make the objects of a live account, each from those before it. The socket is not opened. */
export function assemble(settings: RealtimeSettings): RealtimeParts {
  const { contract, rest, ledger, predecessor } = settings;
  const timing = { ...DEFAULT_TIMING, ...settings.timing };
  // A logger may fail, and no caller would catch the error.
  const onText = fence(settings.onProblem);
  const onProblem = (error: unknown) => onText(messageOf(error));
  const onState = fence(() => status.show(), onProblem);
  const socket: Socket = new Socket({
    ...settings,
    url: async (isCertain) => {
      await lasting?.ready;
      const address = await settings.url(isCertain);
      feeds.choose();
      status.update();
      return address;
    },
    encode: (signal) => contract.signal(signal),
    // Requested once per connection, and then called directly.
    onFrame: () => intake.take,
    onState: fence(() => status.update(), onProblem),
    onBroken: fence((reason) => intake.broken(reason), onProblem),
  });
  const serverTime = new ServerTime(rest);
  const lookUps = new LookUps();
  const conversations = new ConversationCache(rest.conversations, lookUps);
  const interest = new Interest(socket);
  const journals = ledger && journalsIn(ledger, onProblem);
  const bus = new Bus(conversations, {
    onKey: journals && ((key) => journals.events.add(key)),
    onWebhookKey: journals && ((key) => journals.webhooks.add(key)),
    ...(ledger?.isShared && { room: () => journals?.events.room() }),
    statusWaitMs: timing.statusWait,
    onOverflow: () => handover.overflow(),
    onLate: () => gaps.count('overflow', feeds.current.receivedUpTo),
    onError: onProblem,
    ...(settings.onDelivery && { onDelivery: fence(settings.onDelivery, onProblem) }),
  });
  const stall = new StallDetector(rest, socket, interest, serverTime, {
    afterMs: timing.stall,
    onStalled: (since) => {
      gaps.report('deaf', since);
      socket.renew();
    },
  });
  const gaps: GapReporter = new GapReporter(bus, stall, onText);
  const base = { socket, conversations, interest, bus, gaps };
  const ground: Ground = { ...base, settings, timing, serverTime, stall, lookUps, onProblem, onState };
  const feeds = new FeedChoice(contract, liveFeed(ground), polledFeed(ground));
  const intake: Intake = new Intake(contract, conversations, feeds, gaps, onText);
  const handover = new Handover(
    { bus, interest, gaps, feeds },
    {
      lingerMs: timing.linger,
      whileDown: settings.whileDown ?? 'asked',
      whenStarted: settings.whenStarted ?? atOnce,
    },
  );
  const status = new ConnectionStatus({ feeds, bus, handover }, onText);
  if (predecessor) handover.memory.import(predecessor);
  const lasting =
    ledger &&
    journals &&
    new LastingMemory(
      { ledger, journals, bus, handover },
      { isContinued: predecessor !== undefined, intervalMs: timing.remember, onProblem },
    );
  return { ...base, feeds, intake, handover, status, lasting };
}

/** The feed of a server that announces messages by the socket. */
function liveFeed(ground: Ground): Feed {
  const { settings, timing, socket, conversations, interest, bus, gaps, serverTime, stall, lookUps, onProblem } =
    ground;
  const persistenceMs = timing.persistence;
  const sync = new ConversationSync(
    { rest: settings.rest, conversations, bus, gaps, interest, socket, serverTime },
    { persistenceMs, onProblem },
  );
  const loop = new SyncLoop(
    { sync, bus, gaps, stall, interest, socket },
    { intervalMs: intervalOf(settings.discoverInterval, DISCOVER_INTERVAL_MS), persistenceMs, onProblem },
  );
  return new LiveFeed({ socket, interest, bus, stall, sync, loop, lookUps }, onProblem);
}

/** The feed of a server that is asked for messages, alone or beside NATS. */
function polledFeed(ground: Ground): Feed {
  const { settings, timing, socket, conversations, interest, bus, gaps, serverTime, onProblem, onState } = ground;
  const { rest, nats } = settings;
  const idleMs = intervalOf(settings.pollIdle, POLL_IDLE_MS);
  const checkMs = nats && Math.min(idleMs, MAX_CHECK_INTERVAL_MS);
  const loop = new PollLoop(
    { rest, conversations, bus, gaps, interest, serverTime },
    {
      busyMs: intervalOf(settings.pollBusy, POLL_BUSY_MS),
      idleMs: checkMs ?? idleMs,
      checkMs,
      startDelayMs: RETURN_MS,
      answerTimeoutMs: timing.silence + timing.pong,
      revivalMs: timing.revival,
      onProblem,
      onState,
    },
  );
  const poll = new PollFeed(socket, bus, loop);
  if (!nats) return poll;
  const publications = new Publications({ rest, conversations, bus, gaps, interest, loop }, nats.tenant);
  const onText = (text: string) => onProblem(text);
  return new NatsFeed({ socket, poll, loop, gaps, publications }, nats, { onProblem: onText, onState });
}

function atOnce(act: () => void): () => void {
  const immediate = setImmediate(fence(act));
  return () => clearImmediate(immediate);
}

/** @returns a valid timer delay in milliseconds; other values would fire at once, repeatedly */
function intervalOf(given: number | undefined, usual: number): number {
  return given !== undefined && given >= 0 ? Math.min(given, MAX_TIMER_MS) : usual;
}
