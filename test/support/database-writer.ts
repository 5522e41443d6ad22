import { Database } from '../../src/database/database.js';

// Run by itself, to be killed: writes one row after the other, and prints the number of each row
// once it is said to be stored. Its argument: the database's path.
const [, , path = ''] = process.argv;
const database = await Database.open({
  path,
  migrations: ['CREATE TABLE rows (number INTEGER PRIMARY KEY, half TEXT) STRICT'],
});
for (let number = 1; ; number += 1) {
  await database.transaction([
    { sql: 'INSERT INTO rows VALUES (?, ?)', params: [2 * number, 'first'] },
    { sql: 'INSERT INTO rows VALUES (?, ?)', params: [2 * number + 1, 'second'] },
  ]);
  process.stdout.write(`${number}\n`);
}
