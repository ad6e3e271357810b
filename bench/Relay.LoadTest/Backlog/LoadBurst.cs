namespace Relay.LoadTest.Backlog;

/// <summary>Messages submitted together.</summary>
/// <param name="First">The number of the first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct LoadBurst(int First, int Count);
