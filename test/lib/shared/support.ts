import { StoreConnection } from '../../../lib/shared/connection';
import { StoreServer, storeServerPath } from '../../support/store';

export interface StoreSetup {
  readonly server: StoreServer;
  /**
   * @param set another set of keys within the running test
   * @returns a connection of its own, ready, with the keys of the running test; closed after it
   */
  connect(set?: string): Promise<StoreConnection>;
}

/** A store for the tests of a describe, each with keys of its own. Without a server they are skipped. */
export function setUpStore(): StoreSetup {
  let server: StoreServer;
  let test = 0;
  const connections: StoreConnection[] = [];

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  beforeEach(() => {
    test++;
  });
  after(() => server?.close());
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close();
  });

  return {
    get server() {
      return server;
    },
    async connect(set = '') {
      const connection = await StoreConnection.open({ url: server.url, prefix: `t${test}${set}` });
      connections.push(connection);
      await connection.ready();
      return connection;
    },
  };
}
