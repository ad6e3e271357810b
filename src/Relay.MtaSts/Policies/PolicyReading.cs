namespace Relay.MtaSts.Policies;

/// <summary>What came of reading a policy file.</summary>
public abstract record PolicyReading
{
    private PolicyReading()
    {
    }

    /// <summary>A policy.</summary>
    public sealed record Valid(StsPolicy Policy) : PolicyReading;

    /// <summary>No policy.</summary>
    /// <param name="Fault">The first fault found.</param>
    /// <param name="Line">The line with the fault, from 1; 0 when the file as a whole is at fault.</param>
    public sealed record Invalid(PolicyFault Fault, int Line) : PolicyReading;
}
