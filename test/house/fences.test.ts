import { strict as assert } from 'node:assert';
import { serverFiles, unfencedIn } from './fences';

describe('nothing that is called from nowhere can end Node-RED', () => {
  for (const file of serverFiles()) {
    it(`${file} stands within fences`, () => {
      const places = unfencedIn(file).map(({ line, text }) => `${file}:${line}: ${text}`);
      assert.deepEqual(
        places,
        [],
        'a throw or a rejection there would end Node-RED: use fence or detach of lib/async/fence.ts, or fenced of nodes/kit/fence.ts',
      );
    });
  }

  for (const [what, source] of [
    ['a timer', 'setTimeout(() => this.look(), 5);'],
    ['a timer with a function of elsewhere', 'setTimeout(act, 5);'],
    ['an asynchronous timer', 'setInterval(async () => await this.look(), 5);'],
    ['the next turn', 'setImmediate(() => { this.count = this.of(); });'],
    ['a microtask', 'queueMicrotask(() => look());'],
    ['a tick', 'process.nextTick(() => look());'],
    ['a listener', "socket.on('close', () => this.lost());"],
    ['a listener for once', "request.once('error', (error) => report(error));"],
    ['a listener of an abort', "signal.addEventListener('abort', () => this.end());"],
    [
      'a listener that is a property',
      "class A { readonly #end = () => look(); a() { emitter.on('end', this.#end); } }",
    ],
    ['a parameter that resolves nothing', 'function a(resolve: () => void) { setTimeout(resolve, 5); }'],
    ['a promise that nobody waits for', 'void this.load();'],
    ['a promise that is waited for, but not caught', 'void this.load().then(() => {});'],
    ['something thrown on the way', 'setTimeout(() => { if (this.isDue()) clearTimeout(timer); }, 5);'],
  ] as const) {
    it(`sees ${what}`, () => assert.equal(unfencedIn('x.ts', source).length, 1));
  }

  for (const [what, source] of [
    ['a fence', 'setTimeout(fence(() => this.look()), 5);'],
    ['a fence with a name', "const look = fence(() => find()); signal.addEventListener('abort', look);"],
    ['a fence of the node', "events.on('x', this.#fenced(act));"],
    ['a promise that is resolved', 'new Promise((resolve) => setTimeout(resolve, 5));'],
    ['what cannot throw', 'setTimeout(() => { clearTimeout(other); this.isDue = true; this.controller.abort(); }, 5);'],
    ['what is caught', 'void this.load().catch(report);'],
    ['what Node-RED catches', "node.on('close', (removed, done) => this.close(removed, done));"],
  ] as const) {
    it(`lets ${what} pass`, () => assert.deepEqual(unfencedIn('x.ts', source), []));
  }
});
