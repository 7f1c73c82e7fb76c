import { AccountChanges } from './kit/account/choose';
import { FileService } from './kit/account/file-service';
import { Ledgers } from './kit/account/ledgers';
import { serveEditor } from './kit/admin/routes';
import { serveSidebar } from './kit/admin/sidebar-routes';
import type { Definition } from './kit/define';
import { FlowStart, HeldMessages } from './kit/deploys';
import { servePages } from './kit/http/pages';
import { serveHooks } from './kit/http/routes';
import { mount } from './kit/mount';
import type { RED } from './kit/red';
import ai from './linktor-ai';
import analytics from './linktor-analytics';
import api from './linktor-api';
import ask from './linktor-ask';
import bot from './linktor-bot';
import channel from './linktor-channel';
import config from './linktor-config';
import connection from './linktor-connection';
import contact from './linktor-contact';
import context from './linktor-context';
import conversation from './linktor-conversation';
import embeddings from './linktor-embeddings';
import eventIn from './linktor-event-in';
import flow from './linktor-flow';
import form from './linktor-form';
import guard from './linktor-guard';
import hours from './linktor-hours';
import knowledge from './linktor-knowledge';
import messageIn from './linktor-message-in';
import router from './linktor-router';
import send from './linktor-send';
import statusIn from './linktor-status-in';
import template from './linktor-template';
import typing from './linktor-typing';
import typingIn from './linktor-typing-in';
import webhookIn from './linktor-webhook-in';

/** The nodes in palette order. */
export const palette: readonly Definition[] = [
  config,
  hours,
  messageIn,
  statusIn,
  typingIn,
  eventIn,
  webhookIn,
  connection,
  router,
  guard,
  send,
  ask,
  form,
  typing,
  conversation,
  contact,
  context,
  knowledge,
  ai,
  embeddings,
  template,
  channel,
  bot,
  flow,
  analytics,
  api,
];

/** The entry point for Node-RED. */
export default function linktor(red: RED): void {
  const flowStart = new FlowStart(red.events);
  const pages = servePages(red);
  const shared = {
    hooks: serveHooks(red),
    pages,
    files: new FileService(pages),
    handovers: new Map(),
    heldMessages: new HeldMessages(red.events),
    flowStart,
    ledgers: new Ledgers(red, flowStart),
    accountChanges: new AccountChanges(),
  };
  for (const definition of palette) mount(red, definition, shared);
  serveEditor(red);
  serveSidebar(red);
}
