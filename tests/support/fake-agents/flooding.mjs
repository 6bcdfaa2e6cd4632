// Writes four mebibytes to its terminal as fast as it is read, says something, and ends without having done anything.
const line = `${'='.repeat(1023)}\n`;
for (let n = 0; n < 4096; n++) process.stdout.write(line);
process.stdout.write('the last words\n', () => process.exit(1));
