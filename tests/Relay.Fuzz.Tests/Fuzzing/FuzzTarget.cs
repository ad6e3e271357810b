using FsCheck;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>A parser of octets that remote parties write, and what a case of it is.</summary>
/// <param name="Name">Names it in reports, and together with the number of a case decides that case's octets.</param>
/// <param name="Seeds">Inputs to mutate: sound ones, and those that are known to be nasty.</param>
/// <param name="Structures">Inputs in the shape of the grammar, with parts of it broken.</param>
/// <param name="Read">
/// Gives one input to the parser, which is measured, and returns the check of what came out, which is not. Both throw
/// when a promise is broken.
/// </param>
internal sealed record FuzzTarget(
    string Name, IReadOnlyList<byte[]> Seeds, Gen<byte[]> Structures, Func<byte[], Reading> Read)
{
    /// <summary>Inputs at the limits of size, run as they are: to mutate them would take most of the time.</summary>
    public IReadOnlyList<byte[]> Extremes { get; init; } = [];

    /// <summary>Octet strings that mean something to the parser.</summary>
    public IReadOnlyList<byte[]> Tokens { get; init; } = [];

    /// <summary>The longest input, in octets; now and then a case grows up to it.</summary>
    public int MaxLength { get; init; } = 4096;

    /// <summary>What a case may allocate at most, beside <see cref="AllocationPerOctet"/>, in octets.</summary>
    public long Allocation { get; init; } = 64 * 1024;

    /// <summary>What a case may allocate for each octet of its input, in octets.</summary>
    public long AllocationPerOctet { get; init; } = 64;
}
