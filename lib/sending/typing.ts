import { fence } from '../async/fence';
import { sleep } from '../async/sleep';
import { LinktorError } from '../errors';
import type { SocketState } from '../realtime';

/** The part of the realtime connection that a typing sign uses. */
export interface TypingSource {
  /** @returns false when it cannot be sent */
  typing(conversationId: string, isTyping: boolean): boolean;
  onState(listener: (state: SocketState) => void): void;
  readonly state: SocketState;
}

/** Interval of repetition, since the sign disappears at the receiver after a few seconds. */
const REPEAT_MS = 4000;
/** Maximum time for the connection to open. */
const OPEN_TIMEOUT_MS = 10_000;

/** Channels without a typing sign for customers. */
const CHANNELS_WITHOUT_TYPING = new Set(['whatsapp', 'whatsapp_official', 'sms', 'instagram', 'email', 'voice']);

/** @returns false for types of channels on which nobody sees that somebody types; true for types that are not known */
export function hasTyping(channelType: unknown): boolean {
  return !CHANNELS_WITHOUT_TYPING.has(String(channelType));
}

/** @returns why a typing sign cannot be sent now; undefined while the connection is open or opening */
export function typingProblem(state: SocketState): LinktorError | undefined {
  if (state.name === 'open' || state.name === 'connecting') return undefined;
  const code = state.name === 'refused' ? state.code : 'websocket';
  return new LinktorError(code, `Nobody can be told that somebody is typing: ${reasonOf(state)}.`, {
    hint: 'Typing needs the realtime connection; what came in has gone on all the same.',
  });
}

function reasonOf(state: SocketState): string {
  return 'reason' in state ? state.reason : `the realtime connection is ${state.name}`;
}

/**
 * Send the typing sign, and repeat it until the time is over or the signal aborts.
 * @param milliseconds 0: only once
 * @throws LinktorError `websocket` when the connection does not open, or the server has no typing sign
 */
export async function keepTyping(
  line: TypingSource,
  conversationId: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  await waitForOpen(line, signal);
  const end = Date.now() + milliseconds;
  if (!signal.aborted && !line.typing(conversationId, true)) throw typingProblem({ ...line.state, name: 'closed' });
  for (let left = milliseconds; left > 0 && !signal.aborted; left = end - Date.now()) {
    await sleep(Math.min(REPEAT_MS, left), signal);
    // A timer may fire up to a millisecond early, so the clock is not read after the last pause.
    if (left <= REPEAT_MS) return;
    // A lost sign is not an error: the next one follows.
    if (!signal.aborted && Date.now() < end) line.typing(conversationId, true);
  }
}

const TYPING_MS_PER_CHARACTER = 40;
const MAX_TYPING_MS = 8000;

/** @returns milliseconds that a person would take to type this text */
export function typingTime(text: unknown): number {
  return Math.min(MAX_TYPING_MS, String(text ?? '').length * TYPING_MS_PER_CHARACTER);
}

/** Show the typing sign for a while, then remove it. A failure is ignored: the sign is optional. */
export async function showTyping(
  line: TypingSource,
  conversationId: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (milliseconds <= 0) return;
  try {
    await keepTyping(line, conversationId, milliseconds, signal);
    line.typing(conversationId, false);
  } catch {
    // The message itself matters more than its sign.
  }
}

function waitForOpen(line: TypingSource, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (state: SocketState) => {
      const problem = typingProblem(state);
      if (!problem && state.name !== 'open' && !signal.aborted) return;
      clearTimeout(timer);
      signal.removeEventListener('abort', look);
      if (problem && !signal.aborted) reject(problem);
      else resolve();
    };
    const look = fence(() => settle(line.state));
    const timer = setTimeout(
      fence(() => settle({ name: 'closed', since: Date.now() })),
      OPEN_TIMEOUT_MS,
    );
    signal.addEventListener('abort', look);
    line.onState(settle);
    look();
  });
}
