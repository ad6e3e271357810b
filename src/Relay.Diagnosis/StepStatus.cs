namespace Relay.Diagnosis;

/// <summary>How a step of a check went.</summary>
public enum StepStatus
{
    /// <summary>✔ as it should be.</summary>
    Passed = 0,

    /// <summary>⚠ it works, and could be better.</summary>
    Advice,

    /// <summary>✘ broken.</summary>
    Failed,
}
