namespace Relay.Lab.Processes;

/// <summary>What a process has used so far.</summary>
/// <param name="Cpu">User and system time.</param>
/// <param name="PeakResidentOctets">The most memory it had resident at once.</param>
public readonly record struct ProcessUsage(TimeSpan Cpu, long PeakResidentOctets);
