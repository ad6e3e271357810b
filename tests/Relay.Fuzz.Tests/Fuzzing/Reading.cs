namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>What a parser made of one input.</summary>
/// <param name="IsAccepted">It found it sound; a target whose cases are all refused at the door proves little.</param>
/// <param name="Check">Throws when the outcome breaks a promise.</param>
internal readonly record struct Reading(bool IsAccepted, Action Check);
