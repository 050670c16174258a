// Runes are on in every component.

export default { compilerOptions: { runes: true } };
