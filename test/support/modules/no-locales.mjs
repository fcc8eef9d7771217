// Stands for the messages of zod in fifty languages, which nothing here uses.
export {};
