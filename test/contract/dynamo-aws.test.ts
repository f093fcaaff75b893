import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { dynamoCatalog } from '../../src/adapters/aws/dynamo-catalog.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { catalogTable } from '../support/emulator/resources.ts';
import { catalogContract } from './catalog.ts';

onEmulator('DynamoDB on the emulator', () => {
  let tables = 0;
  catalogContract('DynamoDB', async () => {
    const client = withFaults(new DynamoDBClient({}));
    tables += 1;
    await client.send(new CreateTableCommand(catalogTable(`catalog-${tables}`)));
    return dynamoCatalog({ table: `catalog-${tables}`, client });
  });
});
