import type { RawData, WebSocket } from 'ws';
import { TENANT } from '../state';
import { isFields } from '../wire/form';
import { type Client, Crowd, type CrowdReport, parseFrame } from '../wire/socket-server';
import { stampOf } from './time';

interface Frame {
  type: string;
  payload: unknown;
}

interface Member extends Client {
  /** Frames handed over and not yet sent. */
  waiting: number;
  pinger: NodeJS.Timeout;
  reaper?: NodeJS.Timeout;
}

const PING_EVERY_MS = 54_000;
const PONG_WITHIN_MS = 60_000;
/** Frames that may wait for one socket; more are dropped without a word. */
const MOST_WAITING = 256;

/**
 * The agent sockets of the self-hosted server. They are kept by user: a second socket of a user takes the place of the
 * first, and the end of either takes the place away, after which the other is open but deaf.
 */
export class AgentHub extends Crowd<Member> {
  /** How often a socket is pinged. */
  pingEveryMs = PING_EVERY_MS;
  /** How long a socket may go without a pong. */
  pongWithinMs = PONG_WITHIN_MS;
  readonly #places = new Map<string, Member>();

  /** To every user of the tenant, but never to `except`. */
  toTenant(frame: Frame, except?: string): void {
    const text = JSON.stringify(frame);
    for (const [userId, member] of this.#places) if (userId !== except) this.#hand(member, text);
  }

  /** The usual times again, for sockets that come from now on. */
  reset(): void {
    this.pingEveryMs = PING_EVERY_MS;
    this.pongWithinMs = PONG_WITHIN_MS;
  }

  protected met(socket: WebSocket, userId: string): Member {
    const pinger = setInterval(() => socket.ping(), this.pingEveryMs);
    const member: Member = { socket, userId, frozen: false, waiting: 0, pinger };
    this.#expectPong(member);
    socket.on('pong', () => this.#expectPong(member));
    return member;
  }

  protected override came(member: Member): void {
    const { userId: user_id } = member;
    const others = [...this.#places.keys()];
    this.#places.set(user_id, member);
    const payload = { user_id, tenant_id: TENANT, online_users: others.length > 0 ? others : null };
    this.#hand(member, JSON.stringify({ type: 'connected', payload }));
    this.toTenant({ type: 'presence', payload: { user_id, status: 'online' } }, user_id);
  }

  protected override left({ userId: user_id, pinger, reaper }: Member): void {
    clearInterval(pinger);
    clearTimeout(reaper);
    // Whoever holds the place now loses it: the server looks at the user, not at the socket.
    if (!this.#places.delete(user_id)) return;
    const last_seen = stampOf(new Date().toISOString());
    this.toTenant({ type: 'presence', payload: { user_id, status: 'offline', last_seen } });
  }

  /** Only typing is understood; it goes to the other users. */
  protected hear({ userId: user_id }: Member, data: RawData): void {
    const frame = parseFrame(data);
    if (!isFields(frame) || frame.type !== 'typing' || !isFields(frame.payload)) return;
    const { conversation_id, is_typing = false } = frame.payload;
    if (typeof conversation_id !== 'string' || typeof is_typing !== 'boolean') return;
    this.toTenant({ type: 'typing', payload: { conversation_id, user_id, user_name: '', is_typing } }, user_id);
  }

  protected about(member: Member): CrowdReport['clients'][number] {
    const { userId } = member;
    return { userId, deaf: this.#places.get(userId) !== member, subscriptions: [] };
  }

  #hand(member: Member, text: string): void {
    if (member.waiting >= MOST_WAITING) return;
    member.waiting += 1;
    this.send(member, text, () => {
      member.waiting -= 1;
    });
  }

  #expectPong(member: Member): void {
    clearTimeout(member.reaper);
    member.reaper = setTimeout(() => member.socket.terminate(), this.pongWithinMs);
  }
}
