import type { LinktorClient } from '../../../lib/client/index';
import { languageOf } from '../../../lib/dialogue/index';
import { toLinktorError } from '../../../lib/errors';
import { allowedFolders, FileDesk, KeptFiles, leftOutFolders } from '../../../lib/files/index';
import { createLedger, type KeptLedger, type Ledger, storageError } from '../../../lib/ledger/index';
import { wordsOf } from '../../../lib/messages/incoming';
import type { Delivery, Memory } from '../../../lib/realtime/index';
import { MAX_ANSWER_LENGTH, readList, rememberingFold } from '../../../lib/text/index';
import { Variables } from '../../../lib/variables/index';
import { senderOf } from '../action/sender';
import { fenced } from '../fence';
import { AloneLedger } from './alone-ledger';
import { ChargeService } from './charge-service';
import { comeBack } from './come-back';
import { callLog, clientOf, connectionOf, reporter } from './connect';
import { followContacts, isAboutContacts } from './contact-events';
import { DialogueService } from './dialogue-service';
import { publishEvent } from './event-channel';
import { FailureLog } from './failure-log';
import { Instances } from './instances';
import { ledBy } from './lead';
import type { LiveSide } from './led-realtime';
import { OutboxService } from './outbox-service';
import { SentLog } from './sent-log';
import type { AccountHost, AccountLog, AccountSettings, PeopleSettings, Route } from './settings';
import { Substitutes } from './substitutes';

/** Services shared by all nodes of one config node. */
export interface Account {
  /** @throws LinktorError `validation` when the config node is not complete */
  client(): LinktorClient;
  /** @throws LinktorError `validation` when the config node is not complete */
  realtime(): LiveSide;
  /**
   * @returns milliseconds by which the clock of the server is ahead of ours, else that of the store of several instances;
   * undefined while both are unknown
   */
  ahead(): number | undefined;
  /** the durable outbox, if already created */
  outboxIfOpen(): OutboxService | undefined;
  /** the open questions, if already created */
  dialoguesIfOpen(): DialogueService | undefined;
  /** the live side, if already created */
  realtimeIfOpen(): LiveSide | undefined;
  /** the persistent records @throws LinktorError `validation` when the config node is not complete */
  ledger(): KeptLedger;
  /** the open questions @throws LinktorError `validation` when the config node is not complete */
  dialogues(): DialogueService;
  /** stored variables of flows @throws LinktorError `validation` when the config node is not complete */
  variables(): Variables;
  /** takeovers and opt-outs @throws LinktorError `validation` when the config node is not complete */
  charge(): ChargeService;
  /**
   * the durable outbox; undefined where messages wait in memory
   * @throws LinktorError `storage` where the ledger does not outlive a crash
   */
  outbox(): OutboxService | undefined;
  /** templates for messages that may fail late @throws LinktorError `validation` when the config node is not complete */
  substitutes(): Substitutes;
  /** reads the files of messages and gives them addresses */
  files(): FileDesk;
  /** undefined with a single instance */
  readonly instances: Instances | undefined;
  readonly people: PeopleSettings;
  /** how events arrive */
  readonly receives: AccountSettings['receive'];
  readonly webhookSecrets: readonly string[];
  /** messages that our nodes have sent */
  readonly sentLog: SentLog;
  /** normal form of texts for the triggers, which all test the same message one after the other */
  readonly fold: (text: string) => string;
  /** failed calls of our nodes */
  readonly failures: FailureLog;
  /** state shared by the nodes of the account */
  readonly notes: Map<string, unknown>;
  /** a REST call has succeeded */
  onSuccess(): void;
  /** @param removed the config node has been deleted or disabled */
  close(removed?: boolean): Promise<void>;
}

export interface AccountParts {
  route: Route;
  log: AccountLog;
  /** delivery state of the predecessor, after a deploy */
  predecessor?: Memory;
  /** stores the delivery state for the successor */
  bequeath?(memory: Memory): void;
  /** log of the predecessor, after a deploy */
  sentLog?: SentLog;
  /** without it nothing is stored */
  host?: AccountHost;
}

/** What was offered is known before a message is delivered, whoever claims it. */
const OFFERS_ORDER = 0;
const NEED_OF_FOLDERS = 'each has to be an absolute path, within those of settings.js if it names any';

/** Host of an account that is only tested: nothing is stored. */
const noHost: AccountHost = {
  id: '',
  language: 'en-US',
  consumer: 'linktor-node-red-test',
  openLedger: () => createLedger({ keepIn: 'memory', keepDays: 1 }),
  closeLedger: (ledger) => ledger.close(),
  whenStarted: () => () => {},
};

/** Create an account. Its services are opened on first use. */
export function createAccount(
  settings: AccountSettings,
  { route, log, predecessor, bequeath, sentLog = new SentLog(), host = noHost }: AccountParts,
): Account {
  let client: LinktorClient | undefined;
  let realtime: LiveSide | undefined;
  let ledger: KeptLedger | undefined;
  /** with several instances: the ledger of this one alone */
  let local: KeptLedger | undefined;
  let dialogues: DialogueService | undefined;
  let stopTelling = () => {};
  let outbox: OutboxService | undefined;
  let files: FileDesk | undefined;
  let substitutes: Substitutes | undefined;
  const notes = new Map<string, unknown>();
  const severalSettings = () => {
    return { ...settings, id: host.id, tls: route.storeTls, credential: settings[settings.signIn], log };
  };
  const instances =
    settings.instances === 'several' ? new Instances({ ...severalSettings(), local: () => getLocal() }) : undefined;
  /** functions that remove the leadership listeners */
  const followers = new Set<() => void>();

  // With polling, statuses of our messages are only found in polled conversations.
  const stopWatching = sentLog.onSent(({ conversationId }) => realtime?.sent(conversationId));

  const getClient = () => {
    client ??= clientOf(settings, route, settings.log === 'calls' ? callLog(log) : undefined, instances?.pace);
    return client;
  };

  const getAhead = () => getClient().serverAhead ?? instances?.ahead;

  const delivered = (delivery: Delivery) => {
    host.files?.learn(delivery.event);
    publishEvent(delivery);
  };

  const offersLost = (error: unknown) => log.warn(`offered choices cannot be kept: ${toLinktorError(error).message}`);
  if (instances) sentLog.offers.shareIn(() => getLedger(), offersLost);

  /** @param given where its memory is kept; by default that of the account */
  const connect = (given?: { ledger: Ledger | undefined }) => {
    // Deploys hand over the state in memory anyway.
    const kept = instances || getLedger().durability === 'none' ? undefined : getLedger();
    // Asked before the connection opens, so that the first message meets them.
    if (kept) void sentLog.offers.keepIn(kept, offersLost).catch(offersLost);
    return connectionOf(settings, {
      ...{ client: getClient, route, host, log },
      onDelivery: instances?.sharesAll ? undefined : delivered,
      ledger: given ? given.ledger : (instances?.leadersLedger ?? kept),
      // Another instance may have led since: its state is in the ledger.
      predecessor: instances ? undefined : predecessor,
    });
  };

  const getRealtime = () => {
    if (realtime) return realtime;
    const led = () =>
      ledBy(instances as Instances, {
        ...{ make: connect, onDelivery: delivered, log, whenStarted: host.whenStarted },
        refresh: () => charge.refresh(),
        onEnd: (end) => followers.add(end),
      });
    realtime = instances ? led() : connect();
    realtime.onState(fenced(reporter(log)));
    charge.attach(realtime);
    if (instances) realtime.claim(OFFERS_ORDER, learnOffers);
    realtime.onArrival((event) => followContacts(event, variables, log), isAboutContacts);
    return realtime;
  };

  /** Another instance may have made the offer. */
  const learnOffers: Parameters<LiveSide['claim']>[1] = ({ event: { message } }) => {
    const words = message?.direction === 'inbound' ? wordsOf(message) : '';
    if (!message || words === '' || words.length > MAX_ANSWER_LENGTH) return undefined;
    // Without the store it is a text.
    return sentLog.offers.learn(getLedger(), message.conversationId).then(
      () => undefined,
      () => undefined,
    );
  };

  const getLedger = () => {
    ledger ??= instances ? ledgerOf(instances) : host.openLedger(reportDamage, comingBack);
    return ledger;
  };

  const ledgerOf = (all: Instances): KeptLedger => {
    if (settings.ifDown !== 'alone') return all.ledger;
    return new AloneLedger({ shared: all.ledger, local: getLocal, isAlone: () => all.alone.keepsItself });
  };

  /** Fetch what the account has left in the store of several instances. */
  const comingBack = async (own: Ledger) => {
    if (settings.redisUrl === '') return;
    await comeBack(own, severalSettings()).catch((error: unknown) =>
      log.warn(`what lies in the store of several instances could not be fetched: ${toLinktorError(error).message}`),
    );
  };

  const getLocal = () => {
    local ??= host.openLedger(reportDamage);
    return local;
  };

  /** Report damage after the start: the ledger is opened while nodes are still being created. */
  const reportDamage = () => {
    stopTelling = host.whenStarted(() => {
      log.error(storageError('damaged'));
      realtime?.reportGap('ledger');
    });
  };

  const getDialogues = () => {
    dialogues ??= new DialogueService({
      ledger: getLedger(),
      client: getClient,
      ahead: getAhead,
      realtime: getRealtime,
      sentLog,
      log,
      isCatchUpWanted: settings.whileDown !== 'nothing',
      instances,
      rereadMs: [0, settings.pollBusy, settings.pollIdle].map((seconds) => (seconds + 1) * 1000),
      whenStarted: host.whenStarted,
    });
    return dialogues;
  };

  const { shareFiles } = settings;
  const keptFiles = host.keptFolder === undefined ? undefined : new KeptFiles(host.keptFolder);
  // An account that shares no files any more takes back those that it has shared.
  if (shareFiles === '') host.files?.removeAll(host.id);
  const getFiles = () => {
    if (files) return files;
    const { files: service } = host;
    const named = readList(settings.fileFolders, 'fileFolders');
    const folders = allowedFolders(named, host.fileFolders);
    const leftOut = leftOutFolders(named, folders);
    if (leftOut.length > 0) log.warn(`no files are read from ${leftOut.join(', ')}: ${NEED_OF_FOLDERS}`);
    files = new FileDesk({
      client: getClient,
      folders,
      share: service && shareFiles !== '' ? (file) => service.share(file, shareFiles, host.id) : undefined,
      kept: keptFiles,
    });
    return files;
  };

  const getOutbox = () => {
    if (settings.outbox === 'memory') return undefined;
    const { idempotent, maxPending, maxAge } = settings;
    outbox ??= new OutboxService({
      ...{
        ledger: getLedger(),
        local: () => (getLocal().durability === 'crash' ? getLocal() : undefined),
        client: getClient,
        realtime: getRealtime,
        sender: () => senderOf(notes),
        files: getFiles,
        keptFiles,
        sentLog,
        charge,
        substitutes: getSubstitutes,
        log,
      },
      ...{ idempotent, maxPending, maxAge, instances },
      ...{ whenStarted: host.whenStarted, onSuccess: () => realtime?.revive() },
    });
    return outbox;
  };
  const getSubstitutes = () => {
    substitutes ??= new Substitutes({
      ...{
        ledger: getLedger,
        client: getClient,
        realtime: getRealtime,
        sender: () => senderOf(notes),
        sentLog,
        charge,
      },
      ...{ areSeveral: instances !== undefined, log, whenStarted: host.whenStarted },
    });
    return substitutes;
  };

  const charge = new ChargeService({
    settings,
    ahead: () => instances?.ahead,
    ledger: getLedger,
    client: getClient,
    realtime: () => realtime,
    dialogues: () => dialogues,
    language: () => languageOf(settings.language) ?? host.language,
    sentLog,
    log,
  });

  const variables = new Variables(getLedger);

  const { webhookSecret, previousWebhookSecret } = settings;
  return {
    webhookSecrets: [webhookSecret, previousWebhookSecret].filter((secret) => secret !== ''),
    instances,
    people: settings,
    receives: settings.receive,
    sentLog,
    fold: rememberingFold(),
    failures: new FailureLog(),
    notes,
    client: getClient,
    realtime: getRealtime,
    ledger: getLedger,
    dialogues: getDialogues,
    charge: () => charge,
    outbox: getOutbox,
    files: getFiles,
    substitutes: getSubstitutes,
    variables: () => variables,
    realtimeIfOpen: () => realtime,
    dialoguesIfOpen: () => dialogues,
    outboxIfOpen: () => outbox,
    ahead: getAhead,
    onSuccess: () => realtime?.revive(),
    async close(removed = false) {
      stopWatching();
      stopTelling();
      if (realtime && !instances) bequeath?.(realtime.memory.export());
      charge.close();
      substitutes?.close();
      variables.stop();
      await dialogues?.close();
      await outbox?.close();
      await realtime?.close();
      await client?.close();
      for (const end of followers) end();
      if (removed) host.files?.removeAll(host.id);
      await instances?.close();
      const own = instances ? local : ledger;
      if (own) await host.closeLedger(own, removed);
    },
  };
}

/** Return an account whose services throw the given problem. */
export function brokenAccount(problem: unknown): Account {
  const error = toLinktorError(problem);
  const refuse = () => {
    throw error;
  };
  return {
    webhookSecrets: [],
    sentLog: new SentLog(),
    fold: rememberingFold(),
    failures: new FailureLog(),
    notes: new Map(),
    instances: undefined,
    receives: 'auto',
    people: { language: 'auto', country: '', zone: '', quietHours: '', keepDays: 30 },
    client: refuse,
    realtime: refuse,
    ledger: refuse,
    dialogues: refuse,
    charge: refuse,
    outbox: refuse,
    files: refuse,
    substitutes: refuse,
    variables: refuse,
    realtimeIfOpen: () => undefined,
    dialoguesIfOpen: () => undefined,
    outboxIfOpen: () => undefined,
    ahead: () => undefined,
    onSuccess() {},
    close: async () => {},
  };
}
