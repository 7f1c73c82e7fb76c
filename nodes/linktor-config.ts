import { takeoverEnds, takeoverSigns } from '../lib/charge';
import { languages } from '../lib/dialogue';
import { config } from './kit/define';
import { checks, choice, flag, number, config as other, secret, text } from './kit/fields';

const takenOver = { takeover: ['on'] };
const optedOut = { optOut: ['on'] };

/** Only the self-hosted server publishes its events over NATS. */
const natsOnly = { receive: ['auto'], contract: ['auto', 'server'], eventsFrom: ['nats'] };

/** several instances share their state in a store */
const several = { instances: ['several'] };

export const fields = {
  baseUrl: text('https://api.linktor.io', { icon: 'globe', required: true, format: 'url' }),
  contract: choice(['auto', 'api', 'server'], { icon: 'file-text-o' }),
  signIn: choice(['apiKey', 'accessToken', 'password'], { icon: 'sign-in' }),
  apiKey: secret('key', { icon: 'key', when: { signIn: ['apiKey'] } }),
  accessToken: secret('key', { icon: 'key', when: { signIn: ['accessToken'] } }),
  email: secret('address', { visible: true, icon: 'user', when: { signIn: ['password'] } }),
  password: secret('password', { icon: 'lock', when: { signIn: ['password'] } }),
  webhookSecret: secret('signing', { icon: 'shield', generate: true, section: 'webhooks' }),
  previousWebhookSecret: secret('signing', { icon: 'history', section: 'webhooks' }),
  tls: other('tls-config', { icon: 'certificate', advanced: true }),
  proxy: other('http proxy', { icon: 'random', advanced: true }),
  timeout: number(30, { min: 1, max: 600, unit: 's', icon: 'clock-o', advanced: true }),
  maxRetries: number(3, { min: 0, max: 10, icon: 'repeat', advanced: true }),
  perMinute: number(0, { min: 0, max: 100_000, icon: 'tachometer', advanced: true }),
  idempotent: flag(false, { icon: 'clone', advanced: true }),
  autoReconnect: flag(true, { icon: 'plug', advanced: true }),
  reconnectInterval: number(5000, {
    min: 100,
    max: 60_000,
    unit: 'ms',
    icon: 'refresh',
    advanced: true,
    when: { autoReconnect: ['true'] },
  }),
  maxReconnectAttempts: number(0, {
    min: 0,
    max: 1000,
    icon: 'hand-stop-o',
    advanced: true,
    when: { autoReconnect: ['true'] },
  }),
  handshakeTimeout: number(10, { min: 1, max: 120, unit: 's', icon: 'handshake-o', advanced: true }),
  pongTimeout: number(10, { min: 1, max: 120, unit: 's', icon: 'heartbeat', advanced: true }),
  discoverInterval: number(10, { min: 1, max: 3600, unit: 's', icon: 'search', advanced: true }),
  pollBusy: number(3, {
    min: 0.1,
    max: 600,
    unit: 's',
    icon: 'fast-forward',
    advanced: true,
    when: { contract: ['auto', 'server'] },
  }),
  pollIdle: number(15, {
    min: 0.1,
    max: 3600,
    unit: 's',
    icon: 'moon-o',
    advanced: true,
    when: { contract: ['auto', 'server'] },
  }),
  receive: choice(['auto', 'webhook', 'nothing'], { icon: 'download', section: 'events' }),
  eventsFrom: choice(['poll', 'nats'], {
    icon: 'bolt',
    section: 'events',
    when: { receive: ['auto'], contract: ['auto', 'server'] },
  }),
  natsUrl: text('', {
    hint: true,
    required: true,
    format: 'natsUrl',
    icon: 'globe',
    section: 'events',
    when: natsOnly,
  }),
  natsUser: secret('address', { hint: true, visible: true, icon: 'user', section: 'events', when: natsOnly }),
  natsSecret: secret('password', { icon: 'lock', section: 'events', when: natsOnly }),
  natsTls: other('tls-config', { icon: 'certificate', section: 'events', when: natsOnly }),
  language: choice(['auto', ...languages], { icon: 'language', section: 'people' }),
  country: text('', { hint: true, icon: 'globe', section: 'people' }),
  zone: text('', { hint: true, icon: 'clock-o', section: 'people' }),
  quietHours: text('', { hint: true, icon: 'moon-o', section: 'people' }),
  takeover: choice(['off', 'on'], { icon: 'user-circle-o', section: 'people', startValue: 'on' }),
  takeoverBy: checks(takeoverSigns, takeoverSigns, {
    icon: 'hand-paper-o',
    noneMeansNone: true,
    section: 'people',
    when: takenOver,
  }),
  resumeAfter: number(30, {
    min: 0,
    max: 10_080,
    unit: 'min',
    icon: 'hourglass-half',
    section: 'people',
    when: takenOver,
  }),
  resumeOn: checks(takeoverEnds, takeoverEnds, {
    icon: 'undo',
    noneMeansNone: true,
    section: 'people',
    when: takenOver,
  }),
  staffOff: text('/bot off', { icon: 'toggle-off', section: 'people', when: takenOver }),
  staffOn: text('/bot on', { icon: 'toggle-on', section: 'people', when: takenOver }),
  optOut: choice(['off', 'on'], { icon: 'bell-slash-o', section: 'people' }),
  optOutWords: text('', { hint: true, icon: 'sign-out', section: 'people', when: optedOut }),
  optInWords: text('', { hint: true, icon: 'sign-in', section: 'people', when: optedOut }),
  optOutReply: text('', { hint: true, icon: 'commenting-o', section: 'people', when: optedOut }),
  keepIn: choice(['auto', 'file', 'context', 'memory'], { icon: 'database', section: 'memory' }),
  keepStore: text('', { hint: true, icon: 'archive', section: 'memory', when: { keepIn: ['context'] } }),
  keepDays: number(30, { min: 1, max: 90, unit: 'd', icon: 'calendar', section: 'memory' }),
  whileDown: choice(['asked', 'all', 'nothing'], { icon: 'history', section: 'memory' }),
  outbox: choice(['memory', 'durable'], { icon: 'inbox', section: 'delivery' }),
  maxPending: number(10_000, {
    min: 1,
    max: 10_000,
    unit: 'messages',
    icon: 'align-justify',
    section: 'delivery',
    when: { outbox: ['durable'] },
  }),
  maxAge: number(24, {
    min: 0.1,
    max: 720,
    unit: 'h',
    icon: 'hourglass-end',
    section: 'delivery',
    when: { outbox: ['durable'] },
  }),
  instances: choice(['one', 'several'], { icon: 'server', section: 'delivery' }),
  redisUrl: text('', {
    hint: true,
    required: true,
    format: 'storeUrl',
    icon: 'database',
    section: 'delivery',
    when: several,
  }),
  storePassword: secret('password', { icon: 'lock', section: 'delivery', when: several }),
  storeTls: other('tls-config', { icon: 'certificate', section: 'delivery', when: several }),
  keyPrefix: text('', { hint: true, icon: 'tag', section: 'delivery', when: several }),
  instanceName: text('', { hint: true, icon: 'id-badge', section: 'delivery', when: several }),
  listening: choice(['one', 'all'], { icon: 'random', section: 'delivery', when: several }),
  shareFiles: text('', { hint: true, icon: 'share-alt', format: 'url', section: 'files' }),
  fileFolders: text('', { hint: true, icon: 'folder-open-o', section: 'files' }),
  metricsPath: text('', { hint: true, icon: 'line-chart', section: 'figures' }),
  metricsToken: secret('signing', { icon: 'key', generate: true, section: 'figures' }),
  log: choice(['off', 'calls'], { icon: 'list-alt', advanced: true }),
  wsUrl: text('', { hint: true, icon: 'exchange', format: 'socketUrl', advanced: true }),
  name: text(),
};

/** The address of the server and the identity there; owns the client and the only socket. */
export default config({ type: 'linktor-config', fields });
