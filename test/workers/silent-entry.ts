/** A child that takes its init and never says anything again. */
process.on('message', () => {});
process.send?.({ type: 'online' });
