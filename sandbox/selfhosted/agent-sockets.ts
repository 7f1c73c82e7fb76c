import type { RawData, WebSocket } from 'ws';
import { TENANT } from '../state';
import { isFields } from '../wire/form';
import { type Client, parseFrame, type SocketReport, SocketServer } from '../wire/socket-server';
import { formatTime } from './time';

interface Frame {
  type: string;
  payload: unknown;
}

interface AgentSocket extends Client {
  /** Frames queued and not yet sent. */
  waiting: number;
  pinger: NodeJS.Timeout;
  reaper?: NodeJS.Timeout;
}

const PING_INTERVAL_MS = 54_000;
const PONG_TIMEOUT_MS = 60_000;
/** Frames queued for one socket; further frames are dropped silently. */
const MAX_QUEUED_FRAMES = 256;

/**
 * The agent sockets of the self-hosted server. One socket per user receives frames: a second socket of
 * the same user replaces the first. When either closes, the user is removed, and the other stays open without frames.
 */
export class AgentSocketServer extends SocketServer<AgentSocket> {
  /** Interval of protocol pings. */
  pingEveryMs = PING_INTERVAL_MS;
  /** A socket without a pong for this long is terminated. */
  pongWithinMs = PONG_TIMEOUT_MS;
  readonly #current = new Map<string, AgentSocket>();

  /** Sends to every user of the tenant except `except`. */
  toTenant(frame: Frame, except?: string): void {
    const text = JSON.stringify(frame);
    for (const [userId, member] of this.#current) if (userId !== except) this.#enqueue(member, text);
  }

  /** Restores the default times for new sockets. */
  resetTimes(): void {
    this.pingEveryMs = PING_INTERVAL_MS;
    this.pongWithinMs = PONG_TIMEOUT_MS;
  }

  protected createClient(socket: WebSocket, userId: string): AgentSocket {
    const pinger = setInterval(() => socket.ping(), this.pingEveryMs);
    const member: AgentSocket = { socket, userId, frozen: false, waiting: 0, pinger };
    this.#expectPong(member);
    socket.on('pong', () => this.#expectPong(member));
    return member;
  }

  protected override onConnected(member: AgentSocket): void {
    const { userId: user_id } = member;
    const others = [...this.#current.keys()];
    this.#current.set(user_id, member);
    const payload = { user_id, tenant_id: TENANT, online_users: others.length > 0 ? others : null };
    this.#enqueue(member, JSON.stringify({ type: 'connected', payload }));
    this.toTenant({ type: 'presence', payload: { user_id, status: 'online' } }, user_id);
  }

  protected override onDisconnected({ userId: user_id, pinger, reaper }: AgentSocket): void {
    clearInterval(pinger);
    clearTimeout(reaper);
    // This also removes a newer socket of the same user, as the server does.
    if (!this.#current.delete(user_id)) return;
    const last_seen = formatTime(new Date().toISOString());
    this.toTenant({ type: 'presence', payload: { user_id, status: 'offline', last_seen } });
  }

  /** Relays typing to the other users; every other frame is ignored. */
  protected onFrame({ userId: user_id }: AgentSocket, data: RawData): void {
    const frame = parseFrame(data);
    if (!isFields(frame) || frame.type !== 'typing' || !isFields(frame.payload)) return;
    const { conversation_id, is_typing = false } = frame.payload;
    if (typeof conversation_id !== 'string' || typeof is_typing !== 'boolean') return;
    this.toTenant({ type: 'typing', payload: { conversation_id, user_id, user_name: '', is_typing } }, user_id);
  }

  protected describe(member: AgentSocket): SocketReport['clients'][number] {
    const { userId } = member;
    return { userId, deaf: this.#current.get(userId) !== member, subscriptions: [] };
  }

  #enqueue(member: AgentSocket, text: string): void {
    if (member.waiting >= MAX_QUEUED_FRAMES) return;
    member.waiting += 1;
    this.send(member, text, () => {
      member.waiting -= 1;
    });
  }

  #expectPong(member: AgentSocket): void {
    clearTimeout(member.reaper);
    member.reaper = setTimeout(() => member.socket.terminate(), this.pongWithinMs);
  }
}
