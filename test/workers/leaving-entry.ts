/** A child that ends in the middle of its start. */
process.on('message', () => process.exit(3));
process.send?.({ type: 'online' });
