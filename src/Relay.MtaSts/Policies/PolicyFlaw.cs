namespace Relay.MtaSts.Policies;

/// <summary>One of the faults of a policy file, for its author.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Line">The line, from 1; 0 when something is missing or the file as a whole is at fault.</param>
/// <param name="Text">The beginning of the line, a remote party's text; empty without a line.</param>
public sealed record PolicyFlaw(PolicyFault Fault, int Line, string Text);
